import { Button, Checkbox, Group, Radio, Stack, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import {
  type OauthClientKind,
  type OauthClientView,
  type OauthScope,
  oauthClientKind,
  oauthScopes,
} from '#protocol/oauth.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { focusFault } from '../../mantine/focus-fault.ts'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { needsAddresses, type ServiceDraft, serviceErrors, serviceOf } from './service-draft.ts'
import { ServiceSecretNote } from './service-secret-note.tsx'
import { kindNames } from './service-table.tsx'

interface ServiceDialogProps {
  readonly opened: boolean
  /** The one that is changed; a new one without. */
  readonly service: OauthClientView | null
  readonly onClose: () => void
}

export function ServiceDialog({ opened, service, onClose }: ServiceDialogProps) {
  const title = service === null ? 'Register a service' : `Change ${service.name}`
  return (
    <Dialog opened={opened} onClose={onClose} title={title} wide>
      <ServiceForm key={service?.id} service={service} onClose={onClose} />
    </Dialog>
  )
}

function ServiceForm({ service, onClose }: Pick<ServiceDialogProps, 'service' | 'onClose'>) {
  const { administration } = useApi()
  const queries = useQueryClient()
  const form = useForm<ServiceDraft>({
    initialValues: {
      name: service?.name ?? '',
      kind: service?.kind ?? 'web',
      addresses: service?.redirectUris.join('\n') ?? '',
      scopes: (service?.scopes as OauthScope[] | undefined) ?? ['openid', 'profile'],
    },
    validate: serviceErrors,
  })
  const save = useMutation({
    async mutationFn(draft: ServiceDraft) {
      const { kind, ...rest } = serviceOf(draft)
      if (service === null) return await administration.addService({ kind, ...rest })
      await administration.changeService(service.id, rest)
      return null
    },
    onSuccess: async (added) => {
      await queries.invalidateQueries({ queryKey: ['services'] })
      if (added !== null) return
      notifications.show({ message: `${form.values.name.trim()} has been changed.` })
      onClose()
    },
    onError: (error) => {
      const { redirectUris, ...fields } = asApiError(error).fields
      form.setErrors({ ...fields, ...(redirectUris !== undefined && { addresses: redirectUris }) })
    },
  })
  const { kind } = form.values
  if (save.data) return <ServiceSecretNote id={save.data.id} secret={save.data.secret} onClose={onClose} />
  return (
    <form noValidate onSubmit={form.onSubmit((draft) => save.mutate(draft), focusFault)}>
      <Stack gap="md">
        <TextInput
          label="Name"
          description="People see it when they are asked to let it in"
          autoComplete="off"
          data-autofocus
          {...form.getInputProps('name')}
        />
        {service === null && (
          <Radio.Group label="Kind" {...form.getInputProps('kind')}>
            <Stack gap="xs" mt="xs">
              {oauthClientKind.options.map((option) => (
                <Radio key={option} value={option} label={kindNames[option]} description={kindMeanings[option]} />
              ))}
            </Stack>
          </Radio.Group>
        )}
        {needsAddresses(kind) && (
          <Textarea
            label="Addresses to come back to"
            description="One to a line, exactly as the service gives it (redirect URI)"
            placeholder="https://app.example.org/callback"
            autosize
            minRows={2}
            maxRows={6}
            spellCheck={false}
            {...form.getInputProps('addresses')}
          />
        )}
        <Checkbox.Group label="It may ask for" {...form.getInputProps('scopes')}>
          <Stack gap="xs" mt="xs">
            {oauthScopes.map((scope) => (
              <Checkbox key={scope} value={scope} label={scope} description={scopeMeanings[scope]} />
            ))}
          </Stack>
        </Checkbox.Group>
        <ProblemAlert error={save.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            {service === null ? 'Register' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

const kindMeanings = {
  web: 'Runs on a server and keeps a secret; people sign in to it',
  native: 'Runs on a computer or telephone of its user, without a secret',
  service: 'Acts for itself, without a person (client credentials)',
  device: 'Has no browser; people enter a code elsewhere (device grant)',
} as const satisfies Record<OauthClientKind, string>

const scopeMeanings = {
  openid: 'Know who signed in',
  profile: 'See their name and role',
  email: 'See their e-mail address',
  offline_access: 'Stay let in while they are away (refresh tokens)',
  publish: 'Send to channels and screens, as far as they may',
  subscribe: 'Read channels, as far as they may',
  devices: 'See and look after screens, as far as they may',
} as const satisfies Record<OauthScope, string>
