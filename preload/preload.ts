import { contextBridge, ipcRenderer } from 'electron'
import type {
  CallArgs,
  CallName,
  CallReply,
  CarillonBridge,
  DesktopBridge,
  EventName,
  Events,
  KioskBridge,
} from '#protocol/ipc.ts'
import type { PaneBridge } from '#protocol/pane.ts'

/**
 * The bridge: named verbs over the one conversation, and nothing else. Which of them a window gets is decided by whoever
 * opened it.
 */

const desktop: DesktopBridge = {
  state: () => call('desktop:state'),
  events: () => call('desktop:events'),
  signIn: (request) => call('desktop:signIn', request),
  signOut: () => call('desktop:signOut'),
  follow: (channel) => call('desktop:follow', channel),
  unfollow: (channel) => call('desktop:unfollow', channel),
  openConsole: () => call('desktop:openConsole'),
  tasks: () => call('desktop:tasks'),
  submitTask: (name, args) => call('desktop:submitTask', name, args),
  cancelTask: (id) => call('desktop:cancelTask', id),
  retryTask: (id) => call('desktop:retryTask', id),
  saveTaskFile: (id, name) => call('desktop:saveTaskFile', id, name),
  onState: (listener) => listen('desktop:state', listener),
  onEvent: (listener) => listen('desktop:event', listener),
  onEarlier: (listener) => listen('desktop:earlier', listener),
  onTasks: (listener) => listen('desktop:tasks', listener),
}

const pane: PaneBridge = {
  state: () => call('pane:state'),
  onState: (listener) => listen('pane:state', listener),
  unlock: (way, digits) => call('pane:unlock', way, digits),
  close: () => call('pane:close'),
  facts: () => call('pane:facts'),
  log: () => call('pane:log'),
  checkNetwork: () => call('pane:checkNetwork'),
  onNetwork: (listener) => listen('pane:network', listener),
  changeServer: (address) => call('pane:changeServer', address),
  rotateCredential: () => call('pane:rotateCredential'),
  forgetCredential: () => call('pane:forgetCredential'),
  reloadContent: () => call('pane:reloadContent'),
  restartApp: () => call('pane:restartApp'),
  reboot: () => call('pane:reboot'),
  places: () => call('pane:places'),
  saveBundle: (place) => call('pane:saveBundle', place),
}

const kiosk: KioskBridge = {
  state: () => call('kiosk:state'),
  acceptMemory: () => call('kiosk:acceptMemory'),
  onState: (listener) => listen('kiosk:state', listener),
  shell: {
    state: () => call('kiosk:shell'),
    onState: (listener) => listen('kiosk:shell', listener),
  },
  onScreen: (listener) => listen('kiosk:screen', listener),
  pane,
}

const bridge: CarillonBridge = process.argv.includes('--carillon-window=kiosk') ? { kiosk } : { desktop }
contextBridge.exposeInMainWorld('carillon', bridge)

function call<N extends CallName>(name: N, ...args: CallArgs<N>): Promise<CallReply<N>> {
  return ipcRenderer.invoke(name, ...args)
}

/** The listener sees what was told and never the event around it, which would hand it `ipcRenderer`. */
function listen<N extends EventName>(name: N, listener: (event: Events[N]) => void): () => void {
  const forward = (_event: unknown, told: Events[N]) => listener(told)
  ipcRenderer.on(name, forward)
  return () => void ipcRenderer.off(name, forward)
}
