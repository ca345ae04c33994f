import "@fontsource-variable/atkinson-hyperlegible-next/index.css";
import "@fontsource-variable/jetbrains-mono/index.css";
import "./design/tokens.css";
import "./design/base.css";
import "./design/parts.css";
import "./design/pages.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/client";
import { askAhead } from "./api/questions";
import { App } from "./frame/App";
import { applyTheme } from "./frame/theme";

applyTheme();
// Nothing is asked twice on a timer: events say what has changed (api/events.ts).
const cache = new QueryClient({
  defaultOptions: {
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always", // the server may be on this machine, whatever the browser thinks of the network
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (times, error) => times < 2 && error instanceof Problem && (error.status === 0 || error.status >= 502),
    },
  },
});
void askAhead(cache, location.pathname);
const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={cache}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
