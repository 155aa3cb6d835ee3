import type { KnipConfig } from 'knip'

const config: KnipConfig = {
  entry: [
    'build/check-imports.ts',
    'bench/{main,soak,restart,restart-clients}.ts',
    'bench/peers/*-server.ts',
    'server/main.ts',
    // Kysely calls what these export.
    'server/store/migrations/*.ts',
    'main/main.ts',
    'preload/preload.ts',
    'renderer/*/index.html',
    'test/**/*.test.ts',
    'test/support/fetch-{electron,armhf}.ts',
    // Bundled by its name and run on another processor.
    'test/support/native/probe.ts',
    // Loaded by workers as a site's folder.
    '{test/support/celery,bench/tasks}/{site,embedded}/*.ts',
    'test/support/wrong-sign-ins.ts',
    'test/support/default-app/main.js',
  ],
  project: ['{protocol,server,main,preload,renderer,native,build,test,bench}/**/*.{ts,tsx,js,html}'],
  // Started by name in build/check.ts.
  ignoreDependencies: ['@biomejs/biome'],
  // Of the machine, where they are there.
  ignoreBinaries: ['systemd-analyze', 'qemu-system-x86_64'],
  // A schema brings its type along, whether or not both sides have come to use it.
  ignoreIssues: {
    'protocol/**': ['types'],
  },
  ignoreExportsUsedInFile: true,
  // Vite's entries are pages: what a page loads is used.
  compilers: {
    html: (page: string) =>
      [...page.matchAll(/<script[^>]+src="([^"]+)"/g)].map(([, source]) => `import '${source}'`).join('\n'),
  },
}

export default config
