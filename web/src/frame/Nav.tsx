import { Menu as MenuIcon, PanelLeftClose, PanelLeftOpen } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { useSyncs } from "../api/questions";
import { Dialog } from "../design/parts";
import { needsPerson } from "../words/status";
import { isAt, places } from "./places";

const KEY = "penstock.nav";
export function Nav() {
  const [path] = useLocation();
  const [folded, setFolded] = useState(() => localStorage.getItem(KEY) === "folded");
  const [more, setMore] = useState(false);
  const troubled = useSyncs().data?.filter(needsPerson).length ?? 0;
  const fold = () => {
    setFolded(!folded);
    localStorage.setItem(KEY, folded ? "open" : "folded");
  };
  const item = (place: (typeof places)[number]) => (
    <Link key={place.href} href={place.href} className="nav-item" aria-current={isAt(path, place.href) ? "page" : undefined} title={folded ? place.title : undefined} onClick={() => setMore(false)}>
      <place.icon size={18} aria-hidden />
      <span>{place.title}</span>
      {place.href === "/" && troubled > 0 && <em title={`${troubled} syncs need a person`}>{troubled}<span className="unseen"> need you</span></em>}
    </Link>
  );
  return (
    <nav className={`nav ${folded ? "folded" : ""}`} aria-label="Pages">
      <Link href="/" className="brand"><img src="/icon.svg" width="28" height="28" alt="" /><span>Penstock</span></Link>
      <div className="nav-items">{places.map(item)}</div>
      <button type="button" className="nav-item more" onClick={() => setMore(true)} aria-haspopup="dialog"><MenuIcon size={18} aria-hidden /><span>More</span></button>
      <button type="button" className="nav-item fold" onClick={fold} aria-pressed={folded}>
        {folded ? <PanelLeftOpen size={18} aria-hidden /> : <PanelLeftClose size={18} aria-hidden />}
        <span>{folded ? "Unfold" : "Fold"}</span>
      </button>
      {more && <Dialog title="More" onClose={() => setMore(false)}><div className="more-items">{places.slice(4).map(item)}</div></Dialog>}
    </nav>
  );
}
