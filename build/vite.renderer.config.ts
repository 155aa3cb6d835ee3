import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import type { InlineConfig } from 'vite'

export type Page = 'desktop' | 'kiosk' | 'console'

/**
 * One page. Each is built by itself, so that what the console needs never reaches a kiosk. The server has the console
 * at `/`; the app reads its pages through a protocol of its own, where paths are relative.
 */
export function rendererConfig(root: string, page: Page, outDir: string): InlineConfig {
  return {
    root: join(root, 'renderer', page),
    base: page === 'console' ? '/' : './',
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir,
      emptyOutDir: true,
      ...(page !== 'console' && { target: 'chrome130' }), // Electron 33
      assetsInlineLimit: 0, // the content security policy allows no data: fonts
      chunkSizeWarningLimit: 2_000,
      rolldownOptions: { checks: { pluginTimings: false } },
    },
  }
}
