import type { TaskRequest } from '#protocol/tasks.ts'
import type { FromThread, HostVerb, LogLevel, ToThread } from './messages.ts'

/** What a task may ask of whoever runs it. What is thrown here is thrown to the task. */
export interface TaskHost {
  progress(fraction: number | null, note: string | null): void
  /** Answers the id. */
  submit(request: TaskRequest): Promise<string>
  /** Answers the path. */
  file(name: string, type: string): Promise<string>
  /** What the product's own tasks want to know. */
  ask(question: string, about: unknown): Promise<unknown>
}

/** And what it says to its log. */
export interface ThreadHost extends TaskHost {
  log(level: LogLevel, fields: Record<string, unknown>, message: string): void
}

/** Listens to one task for as long as it runs. */
export function attend(send: (message: ToThread) => void, host: ThreadHost) {
  const underWay = new Set<Promise<void>>()

  return {
    hear,
    /** Resolves when what it has asked is answered. */
    settled: () => (underWay.size === 0 ? undefined : Promise.allSettled(underWay)),
  }

  function hear(message: FromThread) {
    switch (message.kind) {
      case 'progress':
        return host.progress(message.fraction, message.note)
      case 'log':
        return host.log(message.level, message.fields, message.message)
      case 'call': {
        const answered = answer(message.number, message.verb, message.args).finally(() => underWay.delete(answered))
        underWay.add(answered)
        return
      }
      default:
        return message satisfies never
    }
  }

  async function answer(number: number, verb: HostVerb, args: readonly unknown[]): Promise<void> {
    let reply: ToThread
    try {
      reply = { kind: 'answer', number, value: await perform(verb, args) }
    } catch (error) {
      const { name = 'Error', message = String(error), code } = error as Partial<Error> & { code?: unknown }
      const given = { type: name, message, ...(typeof code === 'string' && { code }) }
      reply = { kind: 'refusal', number, error: given }
    }
    send(reply)
  }

  function perform(verb: HostVerb, args: readonly unknown[]): Promise<unknown> {
    switch (verb) {
      case 'submit':
        return host.submit(args[0] as TaskRequest)
      case 'file':
        return host.file(String(args[0]), String(args[1]))
      case 'ask':
        return host.ask(String(args[0]), args[1])
      default:
        return verb satisfies never
    }
  }
}
