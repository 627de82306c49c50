import { brotliCompressSync, gzipSync } from "node:zlib";
import { type Plugin, defineConfig } from "vite";

// The server hands out the compressed file that lies beside the plain one, so compressing costs nothing per visit.
function compressed(): Plugin {
  return {
    name: "backline-compressed",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const plain = Buffer.from(file.type === "chunk" ? file.code : file.source);
        this.emitFile({ type: "asset", fileName: `${name}.gz`, source: gzipSync(plain, { level: 9 }) });
        this.emitFile({ type: "asset", fileName: `${name}.br`, source: brotliCompressSync(plain) });
      }
    },
  };
}

// Two entries: what every page loads, and what only the studio needs. Django reads the manifest to find the
// hashed names, so nothing in a template names a built file. Nothing is inlined: the content security policy
// knows our own origin and nothing else.
export default defineConfig({
  base: "/static/build/",
  publicDir: false,
  plugins: [compressed()],
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
