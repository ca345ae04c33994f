"""The process is killed before every single change that a run makes to the disk, one after the other.

kill_at.c counts the calls that change the state directory and ends the process at the Nth; here N goes from the first
to the last. Every second time the recovery that follows is killed as well. The argument is the library made of it.
"""

import concurrent.futures
import os
import random
import sys
import time

from story import KINDS, Broken, Story

CHANGES = 6
JUDGE_EVERY = 20


def nobody(story, process):
    """The library ends the process from within."""


def tell(kind, seed, library, share):
    """Dies at every `share.step`th call from `share.start` on; (kills, calls, error or None)."""
    start, step = share
    story = Story(kind, seed, rows=12)
    try:
        state = story.project.path(".penstock")
        call, again = start, True
        while again:
            for _ in range(CHANGES):
                story.change()
            story.publish()
            again = story.run_and_kill(nobody, LD_PRELOAD=library, PENSTOCK_KILL_BELOW=state, PENSTOCK_KILL_AT=str(call))
            if again and call % 2 == 0:
                story.run_and_kill(nobody, LD_PRELOAD=library, PENSTOCK_KILL_BELOW=state,
                                   PENSTOCK_KILL_AT=str(story.random.randint(1, 80)))
            if not again or story.kills % JUDGE_EVERY == 0:
                story.judge()
            call += step
        return story.kills, call, None
    except Broken as broken:
        return story.kills, call, f"before call {call}: {broken}"
    finally:
        story.close()


def main():
    library = sys.argv[1]
    seed = int(os.environ.get("PENSTOCK_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {seed} (PENSTOCK_SEED={seed} tells the stories again)", flush=True)
    begun, kills, broken = time.monotonic(), 0, 0
    kinds = [kind for kind in KINDS if kind.name in ("mirror", "search", "append")]
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        telling = [pool.submit(tell, kind, seed + number, library, (1 + number, len(kinds)))
                   for number, kind in enumerate(kinds)]
        for one in concurrent.futures.as_completed(telling):
            killed, calls, error = one.result()
            kills += killed
            if error:
                broken += 1
                print(error, flush=True)
            else:
                print(f"a run makes some {calls} changes to the disk", flush=True)
    print(f"{kills} runs killed in {time.monotonic() - begun:.0f} s, {broken} of {len(kinds)} stories broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
