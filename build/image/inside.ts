import { run } from './run.ts'

/** Runs a shell script within the tree, with a /proc of its own that goes away with it. */
export async function runInside(tree: string, script: string): Promise<void> {
  const enter = 'mount -t proc proc "$1/proc" && exec chroot "$1" /bin/sh -euc "$2"'
  await run('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', enter, 'sh', tree, script])
}
