import { app, type WebPreferences } from 'electron'

/** What is closed to every page in this app, ours and others': Node, the network's exceptions, and ways of its own. */
export function hardenedPreferences() {
  return {
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    spellcheck: false,
    navigateOnDragDrop: false,
    devTools: !app.isPackaged,
  } as const satisfies WebPreferences
}
