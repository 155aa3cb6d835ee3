import type { KnipConfig } from 'knip'

const config: KnipConfig = {
  entry: [
    'build/check-imports.ts',
    'server/main.ts',
    'main/main.ts',
    'preload/preload.ts',
    'renderer/*/index.html',
    'test/**/*.test.ts',
    'test/support/fetch-electron.ts',
    'test/support/default-app/main.js',
  ],
  project: ['{protocol,server,main,preload,renderer,native,build,test,bench}/**/*.{ts,tsx,js,html}'],
  ignoreDependencies: [
    // Started by name in build/check.ts.
    '@biomejs/biome',
  ],
  ignoreExportsUsedInFile: true,
  // Vite's entries are pages: what a page loads is used.
  compilers: {
    html: (page: string) =>
      [...page.matchAll(/<script[^>]+src="([^"]+)"/g)].map(([, source]) => `import '${source}'`).join('\n'),
  },
}

export default config
