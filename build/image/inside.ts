import { run } from './run.ts'

/**
 * Runs a shell script within the tree, with a /proc of its own that goes away with it. The first process stays outside:
 * by its root, seen through /proc, Debian's scripts tell that they are in a chroot.
 */
export async function runInside(tree: string, script: string): Promise<void> {
  const enter = 'mount -t proc proc "$1/proc" && chroot "$1" /bin/sh -euc "$2"; exit $?'
  await run('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', enter, 'sh', tree, script])
}
