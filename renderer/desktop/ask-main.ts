import type { Outcome } from '#protocol/ipc.ts'

/** Waits for what main answers; a main that fails is an outcome like any other. */
export function askMain(question: Promise<Outcome>): Promise<Outcome> {
  return question.catch((error: unknown) => {
    console.error('main failed', error)
    return { ok: false, code: 'internal', message: 'The app could not do this. Try again, or restart it.' }
  })
}
