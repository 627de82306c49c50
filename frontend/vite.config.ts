import { defineConfig } from "vite";

// Two entries: what every page loads, and what only the studio needs. Django reads the manifest to find the
// hashed names, so nothing in a template names a built file. Nothing is inlined: the content security policy
// knows our own origin and nothing else.
export default defineConfig({
  base: "/static/build/",
  publicDir: false,
  build: {
    manifest: "manifest.json",
    outDir: "../backline/static/build",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { main: "src/main.ts", studio: "src/studio.ts" },
    },
  },
});
