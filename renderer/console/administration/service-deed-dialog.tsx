import { useState } from 'react'
import type { OauthClientView } from '#protocol/oauth.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { useApi } from '../api-context.ts'
import type { AdministrationApi } from './administration-api.ts'
import { DeedDialog, type DeedWords } from './deed-dialog.tsx'
import { ServiceSecretNote } from './service-secret-note.tsx'

/** What is done to a service once somebody has said yes. */
export type ServiceDeed = 'rotate' | 'disable' | 'enable' | 'remove'

interface ServiceDeedDialogProps {
  /** Closed without one. */
  readonly doing: { readonly deed: ServiceDeed; readonly service: OauthClientView } | null
  readonly onClose: () => void
}

export function ServiceDeedDialog({ doing, onClose }: ServiceDeedDialogProps) {
  const { administration } = useApi()
  const [secret, setSecret] = useState<string | null>(null)
  const perform = async (): Promise<void> => {
    if (doing !== null) setSecret(await performDeed(administration, doing.deed, doing.service.id))
  }
  return (
    <>
      <DeedDialog
        opened={doing !== null}
        words={deeds[doing?.deed ?? 'enable']}
        name={doing?.service.name ?? ''}
        list="services"
        perform={perform}
        onClose={onClose}
      />
      <Dialog opened={secret !== null} onClose={() => setSecret(null)} title="New secret" wide>
        <ServiceSecretNote secret={secret} onClose={() => setSecret(null)} />
      </Dialog>
    </>
  )
}

/** Answers a secret to be shown, where there is a new one. */
async function performDeed(api: AdministrationApi, deed: ServiceDeed, id: string): Promise<string | null> {
  if (deed === 'rotate') return (await api.rotateSecret(id)).secret
  await (deed === 'remove' ? api.removeService(id) : api.changeService(id, { disabled: deed === 'disable' }))
  return null
}

const deeds: Readonly<Record<ServiceDeed, DeedWords>> = {
  rotate: {
    title: (name) => `Make a new secret for ${name}?`,
    action: 'New secret',
    dangerous: true,
    text: 'The one it has stops working at once, so have its configuration at hand. What it got before stays valid until it ends.',
    done: (name) => `${name} has a new secret.`,
  },
  disable: {
    title: (name) => `Disable ${name}?`,
    action: 'Disable',
    dangerous: true,
    text: 'It gets no tokens any more, and those it has stop working at once.',
    done: (name) => `${name} is disabled.`,
  },
  enable: {
    title: (name) => `Enable ${name}?`,
    action: 'Enable',
    dangerous: false,
    text: 'It can ask for tokens again. People it was let in by have to sign in to it again.',
    done: (name) => `${name} is enabled.`,
  },
  remove: {
    title: (name) => `Remove ${name}?`,
    action: 'Remove',
    dangerous: true,
    text: 'Its registration goes for good, and all its tokens stop working at once.',
    done: (name) => `${name} has been removed.`,
  },
}
