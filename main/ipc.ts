import { type BrowserWindow, type IpcMainInvokeEvent, ipcMain } from 'electron'
import { type CallArgs, type CallName, type CallReply, calls, type EventName, type Events } from '#protocol/ipc.ts'
import type { Log } from './log.ts'
import { failed } from './outcome.ts'
import { isOwnPage } from './page-files.ts'

/** Main's end of the conversation with its windows: the only place that knows `ipcMain`. */
export interface Conversation {
  /** Answers a call. Arguments are parsed already; a caller that is not one of our pages gets nothing. */
  answer<N extends CallName>(name: N, handler: (...args: CallArgs<N>) => CallReply<N> | Promise<CallReply<N>>): void
  /** Tells the window, as long as it shows one of our pages. */
  tell<N extends EventName>(name: N, event: Events[N]): void
}

export function createConversation(window: () => BrowserWindow | null, log: Log): Conversation {
  return {
    answer(name, handler) {
      const { args: schema, reply } = calls[name]
      ipcMain.handle(name, async (event, ...args: unknown[]) => {
        if (!isOurs(event)) {
          log.warn('call from a stranger', { name })
          throw new Error('Not allowed.')
        }
        const parsed = schema.safeParse(args)
        if (!parsed.success) {
          const problem = parsed.error.issues[0]?.message ?? 'The arguments are not valid.'
          log.warn('call with bad arguments', { name })
          if (reply.kind === 'outcome') return failed('bad_request', problem)
          throw new Error(problem)
        }
        try {
          // The schema of this name made them.
          return await handler(...(parsed.data as CallArgs<typeof name>))
        } catch (error) {
          log.error('call failed', { name, error: error instanceof Error ? (error.stack ?? '') : String(error) })
          if (reply.kind === 'outcome') return failed('internal', 'Something went wrong in the app. Its log says what.')
          throw new Error('Something went wrong in the app.')
        }
      })
    },
    tell(name, event) {
      const target = window()
      if (target === null || target.isDestroyed()) return
      if (isOwnPage(target.webContents.getURL())) target.webContents.send(name, event)
    },
  }
}

/** Only the page itself speaks for a window, never a frame in it, nor another page that got there somehow. */
function isOurs({ senderFrame, sender }: IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame === sender.mainFrame && isOwnPage(senderFrame.url)
}
