"""The process is killed (SIGKILL) at hundreds of random instants; nothing is lost, nothing is sent twice.

PENSTOCK_KILLS=2000 for more of them, PENSTOCK_SEED=N to tell the same stories again (their models and plans are the
same; the instants depend on the machine as well).
"""

import concurrent.futures
import os
import random
import sys
import time

from story import KINDS, Broken, Story

KILLS_A_STORY = 20


def at_any_time(story, process):
    """Anywhere from the first instruction to the last."""
    time.sleep(story.random.uniform(0, story.usual_seconds))
    process.kill()


def between_requests(story, process):
    """Once the destination has taken some more requests: in the midst of delivery."""
    wanted = story.sandbox.stats()["requests"] + story.random.randint(1, 12)
    while process.poll() is None and story.sandbox.stats()["requests"] < wanted:
        time.sleep(0.0005)
    time.sleep(story.random.uniform(0, 0.006))
    process.kill()


def after_the_last_request(story, process):
    """When the journal is closed and the snapshot advances."""
    journal = story.project.path(".penstock", "syncs", "story", "journal")
    while process.poll() is None and not os.path.exists(journal):
        time.sleep(0.0005)
    requests, quiet_since = -1, time.monotonic()
    while process.poll() is None and time.monotonic() - quiet_since < 0.012:
        now = story.sandbox.stats()["requests"]
        if now != requests:
            requests, quiet_since = now, time.monotonic()
    time.sleep(story.random.uniform(0, 0.05))
    process.kill()


def tell(kind, seed):
    """One story; (kills, error or None)."""
    story = Story(kind, seed)
    try:
        begun = time.monotonic()
        story.run("--limit", "30")
        story.usual_seconds = 1.5 * (time.monotonic() - begun)
        for _ in range(KILLS_A_STORY):
            for _ in range(story.random.randint(0, 12)):
                story.change()
            story.publish()
            story.run_and_kill(story.random.choice((at_any_time, between_requests, between_requests,
                                                    after_the_last_request)))
            if story.random.random() < 0.1:
                story.run()
        story.judge()
        return story.kills, None
    except Broken as broken:
        return story.kills, str(broken)
    finally:
        story.close()


def main():
    seed = int(os.environ.get("PENSTOCK_SEED", random.SystemRandom().randrange(1 << 32)))
    stories = max(len(KINDS), int(os.environ.get("PENSTOCK_KILLS", 240)) // KILLS_A_STORY)
    print(f"seed {seed}: {stories} stories (PENSTOCK_SEED={seed} tells them again)", flush=True)
    begun, kills, broken = time.monotonic(), 0, []
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        telling = [pool.submit(tell, KINDS[number % len(KINDS)], seed + number) for number in range(stories)]
        for one in concurrent.futures.as_completed(telling):
            killed, error = one.result()
            kills += killed
            if error:
                broken.append(error)
                print(error, flush=True)
    print(f"{kills} runs killed in {time.monotonic() - begun:.0f} s, {len(broken)} of {stories} stories broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
