import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `./dev web`: pages are served by Vite, the API comes from a running `penstock serve` (or from the mock).
const server = process.env.PENSTOCK_SERVER ?? "http://127.0.0.1:7070";

export default defineConfig({
  plugins: [react()],
  server: { host: "127.0.0.1", port: 5173, proxy: { "/api": server } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // fonts and pictures as files: the policy of the pages allows no data: addresses but for images
    chunkSizeWarningLimit: 700,
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
