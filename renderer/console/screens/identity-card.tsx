import { Button } from '@mantine/core'
import { useState } from 'react'
import type { CredentialStorage, DeviceView } from '#protocol/devices.ts'
import { When } from '../when.tsx'
import { PaneCodeDialog } from './pane-code-dialog.tsx'
import { PinDialog } from './pin-dialog.tsx'

interface IdentityCardProps {
  readonly device: DeviceView
  readonly now: number
  readonly operates: boolean
}

/** Which machine it is, where it keeps its credential, and by what its pane opens. */
export function IdentityCard({ device, now, operates }: IdentityCardProps) {
  const [settingPin, setSettingPin] = useState(false)
  const [makingCode, setMakingCode] = useState(false)
  const { hostname, address, version, platform, enrolledAt, enrolledBy, storage, credentialSince, pin } = device
  return (
    <section className="card" aria-labelledby="identity">
      <h2 id="identity">Machine and access</h2>
      <dl className="card-facts">
        <Fact name="Computer">{hostname}</Fact>
        <Fact name="Address">{address}</Fact>
        <Fact name="Version">{version}</Fact>
        <Fact name="System">{platform}</Fact>
        <Fact name="Added">
          <When at={enrolledAt} now={now} /> by {enrolledBy}
        </Fact>
        <Fact name="Credential">
          {storage === null ? 'Kept somewhere' : storageWords[storage]}, from <When at={credentialSince} now={now} />
        </Fact>
        <Fact name="Pane at the screen">{pin ? 'Opens by a PIN' : 'Has no PIN'}</Fact>
      </dl>
      {operates && (
        <div className="card-actions">
          <Button variant="default" size="sm" onClick={() => setSettingPin(true)}>
            {pin ? 'Change the PIN' : 'Set a PIN'}
          </Button>
          <Button variant="default" size="sm" disabled={!device.online} onClick={() => setMakingCode(true)}>
            Code for the pane
          </Button>
        </div>
      )}
      <PinDialog device={device} opened={settingPin} onClose={() => setSettingPin(false)} />
      <PaneCodeDialog device={device} opened={makingCode} onClose={() => setMakingCode(false)} />
    </section>
  )
}

export const storageWords = {
  keychain: 'In its keychain',
  file: 'In a file on its card',
  memory: 'In memory only',
} as const satisfies Record<CredentialStorage, string>

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
