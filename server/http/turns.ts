/**
 * Lets requests begin one after the other, each in a turn of the event loop of its own: hundreds that arrive together are
 * then small pieces of work, with room for everybody else's between them. Whoever finds nobody there does not wait.
 */
export function createTurns(): () => Promise<void> {
  const waiting: (() => void)[] = []
  let isTaken = false

  function next(): void {
    const begin = waiting.shift()
    isTaken = begin !== undefined
    if (begin === undefined) return
    setImmediate(next)
    begin()
  }

  return async () => {
    if (isTaken) return new Promise<void>((begin) => waiting.push(begin))
    isTaken = true
    setImmediate(next)
  }
}
