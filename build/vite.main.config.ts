import type { InlineConfig } from 'vite'

/** Electron's main process: one ES module. Only what cannot be bundled stays outside. */
export function mainConfig(root: string, outDir: string): InlineConfig {
  return {
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      ssr: 'main/main.ts',
      outDir,
      target: 'node20', // what Electron 33 and later have
      minify: false, // stack traces in logs stay readable
      rolldownOptions: {
        // keytar and ffi-rs are native code; the other two are optional speed-ups that ws asks for and does without.
        external: ['electron', /^keytar(\/|$)/, 'ffi-rs', 'bufferutil', 'utf-8-validate'],
        output: { entryFileNames: 'main.js', codeSplitting: false },
      },
    },
    ssr: { noExternal: true },
  }
}
