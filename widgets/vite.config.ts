/** Two builds: the canvas bundle under a hashed name with its manifest, and the small loader that anywidget carries. */
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const STATIC = "workbench_widgets/static";

/** Names the hashed bundle in `manifest.json`, and removes bundles of earlier builds. */
function manifest(): Plugin {
  return {
    name: "workbench-manifest",
    generateBundle(_options, bundle) {
      const entry = Object.values(bundle).find((part) => part.type === "chunk" && part.isEntry);
      if (!entry) throw new Error("the build made no entry chunk");
      const extra = Object.keys(bundle).filter((name) => name !== entry.fileName);
      if (extra.length) throw new Error(`the canvas must be one module, but the build also made ${extra.join(", ")}`);
      this.emitFile({
        type: "asset",
        fileName: "manifest.json",
        source: JSON.stringify({ canvas: entry.fileName }) + "\n",
      });
      if (existsSync(STATIC)) {
        for (const name of readdirSync(STATIC)) {
          if (/^canvas-.*\.js$/.test(name) && name !== entry.fileName) rmSync(join(STATIC, name));
        }
      }
    },
  };
}

export default defineConfig(({ mode }) => {
  const loader = mode === "loader";
  return {
    plugins: loader ? [] : [react(), manifest()],
    publicDir: false,
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    build: {
      outDir: STATIC,
      emptyOutDir: false,
      target: "es2022",
      sourcemap: false,
      modulePreload: false,
      chunkSizeWarningLimit: 3000,
      rolldownOptions: {
        input: { [loader ? "loader" : "canvas"]: loader ? "src/loader.ts" : "src/main.tsx" },
        preserveEntrySignatures: "strict",
        output: {
          format: "es",
          entryFileNames: loader ? "[name].js" : "[name]-[hash].js",
          codeSplitting: false,
        },
      },
    },
    test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
  };
});
