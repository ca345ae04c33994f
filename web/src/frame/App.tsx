// The frame: who is there, what is shown where, and the one stream of events.
import { useQueryClient } from "@tanstack/react-query";
import { Component, lazy, type ReactNode, Suspense, useEffect } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { Problem, useCsrfToken as takeCsrfToken, whenLoginNeeded } from "../api/client";
import { follow } from "../api/events";
import { useSession } from "../api/questions";
import { Button, Empty, Skeleton, Trouble } from "../design/parts";
import { Overview } from "../pages/Overview";
import { Login } from "./Login";
import { Nav } from "./Nav";
import { Palette } from "./Palette";
import { Toasts } from "./toasts";
import { Topbar } from "./Topbar";
import "./frame.css";

const SyncsPage = lazy(() => import("../pages/Syncs").then((m) => ({ default: m.SyncsPage })));
const SyncPage = lazy(() => import("../pages/sync/SyncPage").then((m) => ({ default: m.SyncPage })));
const RowPage = lazy(() => import("../pages/Row").then((m) => ({ default: m.RowPage })));
const RunsPage = lazy(() => import("../pages/Runs").then((m) => ({ default: m.RunsPage })));
const RunPage = lazy(() => import("../pages/run/RunPage").then((m) => ({ default: m.RunPage })));
const OperationsPage = lazy(() => import("../pages/run/Operations").then((m) => ({ default: m.OperationsPage })));
const PlanPage = lazy(() => import("../pages/Plan").then((m) => ({ default: m.PlanPage })));
const EditorPage = lazy(() => import("../edit/Editor").then((m) => ({ default: m.EditorPage })));
const ModelsPage = lazy(() => import("../pages/Models").then((m) => ({ default: m.ModelsPage })));
const ModelPage = lazy(() => import("../pages/Models").then((m) => ({ default: m.ModelPage })));
const ModelEditPage = lazy(() => import("../edit/ModelEditor").then((m) => ({ default: m.ModelEditPage })));
const ToolsPage = lazy(() => import("../pages/Tools").then((m) => ({ default: m.ToolsPage })));
const ConnectorPage = lazy(() => import("../pages/Catalogue").then((m) => ({ default: m.ConnectorPage })));
const CataloguePage = lazy(() => import("../pages/Catalogue").then((m) => ({ default: m.CataloguePage })));
const ConnectPage = lazy(() => import("../edit/Connect").then((m) => ({ default: m.ConnectPage })));
const AlertsPage = lazy(() => import("../pages/Alerts").then((m) => ({ default: m.AlertsPage })));
const GitPage = lazy(() => import("../pages/Git").then((m) => ({ default: m.GitPage })));
const FilePage = lazy(() => import("../edit/FileEditor").then((m) => ({ default: m.FilePage })));
const SettingsPage = lazy(() => import("../pages/settings/Settings").then((m) => ({ default: m.SettingsPage })));

class Fence extends Component<{ children: ReactNode; at: string }, { error?: Error; at: string }> {
  override state: { error?: Error; at: string } = { at: this.props.at };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  static getDerivedStateFromProps(props: { at: string }, state: { at: string }) {
    return props.at === state.at ? null : { at: props.at, error: undefined };
  }
  override render() {
    if (!this.state.error) return this.props.children;
    const absent = /module|chunk/i.test(this.state.error.message); // a piece of the pages that the server did not give
    const error = absent ? new Problem({ title: "This page cannot be loaded", remedy: "The server is away, or was replaced by another version. Loading anew helps once it is there." }, 0) : this.state.error;
    return <Trouble error={error} title={absent ? undefined : "This page broke"} retry={() => location.reload()} />;
  }
}

export function App() {
  const session = useSession();
  const cache = useQueryClient();
  const inside = session.data?.authenticated ?? false;
  takeCsrfToken(session.data?.csrf_token);
  useEffect(() => whenLoginNeeded(() => void cache.invalidateQueries({ queryKey: ["session"] })), [cache]);
  useEffect(() => (inside ? follow(cache) : undefined), [inside, cache]);
  if (session.isPending) return <div className="alone"><Skeleton /></div>;
  if (session.error && !session.data) return <div className="alone"><Trouble error={session.error} retry={() => void session.refetch()} /></div>;
  if (!inside) return <Login session={session.data} />;
  return <Frame />;
}

function Frame() {
  const [path] = useLocation();
  useEffect(() => {
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
  }, [path]);
  return (
    <div className="frame">
      <a className="skip" href="#main">Skip to the page</a>
      <Nav />
      <div className="frame-page">
        <Topbar />
        <main id="main" tabIndex={-1}>
          <Fence at={path}>
            <Suspense fallback={<Skeleton lines={6} />}>
              <Pages />
            </Suspense>
          </Fence>
        </main>
      </div>
      <Palette />
      <Toasts />
    </div>
  );
}

const Pages = () => (
  <Switch>
    <Route path="/" component={Overview} />
    <Route path="/syncs" component={SyncsPage} />
    <Route path="/syncs/new" component={EditorPage} />
    <Route path="/syncs/:name/edit" component={EditorPage} />
    <Route path="/syncs/:name/rows/:key" component={RowPage} />
    <Route path="/syncs/:name/:tab?" component={SyncPage} />
    <Route path="/runs" component={RunsPage} />
    <Route path="/runs/:id/operations" component={OperationsPage} />
    <Route path="/runs/:id" component={RunPage} />
    <Route path="/plans/:id" component={PlanPage} />
    <Route path="/models" component={ModelsPage} />
    <Route path="/models/new" component={ModelEditPage} />
    <Route path="/models/:name/edit" component={ModelEditPage} />
    <Route path="/models/:name" component={ModelPage} />
    <Route path="/tools" component={ToolsPage} />
    <Route path="/tools/catalogue" component={CataloguePage} />
    <Route path="/tools/catalogue/:name" component={ConnectorPage} />
    <Route path="/tools/connect/:kind/:type?" component={ConnectPage} />
    <Route path="/alerts" component={AlertsPage} />
    <Route path="/git" component={GitPage} />
    <Route path="/files/*" component={FilePage} />
    <Route path="/settings/:tab?" component={SettingsPage} />
    <Route path="/overview"><Redirect to="/" /></Route>
    <Route>
      <Empty top title="There is nothing at this address" action={<Button onClick={() => history.back()}>Go back</Button>}>
        It may have been renamed. Ctrl K finds every sync, model and run.
      </Empty>
    </Route>
  </Switch>
);
