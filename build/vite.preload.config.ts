import type { InlineConfig } from 'vite'

/** The bridge: one CommonJS file, since a sandboxed preload can load nothing else. */
export function preloadConfig(root: string, outDir: string): InlineConfig {
  return {
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      ssr: 'preload/preload.ts',
      outDir,
      target: 'chrome130',
      minify: false,
      rolldownOptions: {
        external: ['electron'],
        output: { format: 'cjs', entryFileNames: 'preload.cjs', codeSplitting: false },
      },
    },
    ssr: { noExternal: true },
  }
}
