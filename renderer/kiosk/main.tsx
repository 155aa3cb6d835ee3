import '@fontsource-variable/manrope'
import './kiosk.css'
import './pane/pane.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import type { CarillonBridge } from '#protocol/ipc.ts'
import { Kiosk } from './kiosk.tsx'
import { WithPane } from './pane/with-pane.tsx'

const { kiosk } = (window as { carillon?: CarillonBridge }).carillon ?? {}
const root = document.getElementById('root')
if (root === null) throw new Error('The page has no #root.')
createRoot(root).render(
  <StrictMode>
    {kiosk === undefined ? (
      <p>This page works inside the Carillon kiosk only.</p>
    ) : (
      <WithPane bridge={kiosk.pane}>
        <Kiosk bridge={kiosk} />
      </WithPane>
    )}
  </StrictMode>,
)
