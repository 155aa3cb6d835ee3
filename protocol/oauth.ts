import { z } from 'zod'
import { instant, personName } from './api.ts'

/** What a service can be let do for somebody, or by itself. */
export const oauthScopes = ['openid', 'profile', 'email', 'offline_access', 'publish', 'subscribe', 'devices'] as const
export const oauthScope = z.enum(oauthScopes, `A scope is one of ${oauthScopes.join(', ')}.`)
export type OauthScope = z.infer<typeof oauthScope>

/**
 * web: a service with a secret that people sign in to. native: an app without one. service: a machine that acts for
 * itself (client credentials). device: something without a browser (device grant).
 */
export const oauthClientKind = z.enum(['web', 'native', 'service', 'device'])
export type OauthClientKind = z.infer<typeof oauthClientKind>

/** `POST /api/v1/oauth/clients`. Who may is decided by the setting `oauth.client_roles`; administrators by default. */
export const oauthClientRequest = z.object({
  name: personName,
  kind: oauthClientKind,
  redirectUris: z.array(z.url('Give the full address, for example https://app.example.org/callback.')).max(20),
  scopes: z.array(oauthScope).min(1, 'Give at least one scope.'),
})
export type OauthClientRequest = z.infer<typeof oauthClientRequest>

/** `PATCH /api/v1/oauth/clients/{id}` */
export const oauthClientChange = oauthClientRequest
  .omit({ kind: true })
  .extend({ disabled: z.boolean() })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Give something to change.')

/** `GET /api/v1/oauth/clients` */
export const oauthClientView = z.object({
  id: z.string(),
  name: z.string(),
  kind: oauthClientKind,
  redirectUris: z.array(z.string()),
  scopes: z.array(z.string()),
  disabled: z.boolean(),
  createdAt: instant,
  createdBy: z.string().nullable(),
})
export type OauthClientView = z.infer<typeof oauthClientView>

/** Answers registration and `POST …/{id}/rotate-secret`. The secret is in this answer and nowhere else; null for those without. */
export const oauthClientAnswer = oauthClientView.extend({ secret: z.string().nullable() })
export type OauthClientAnswer = z.infer<typeof oauthClientAnswer>

/** `GET /api/v1/oauth/consent?{signed query}`: what the consent page shows. Throws `bad_request` for a query that was changed. */
export const consentView = z.object({
  client: z.object({ id: z.string(), name: z.string(), redirectHost: z.string() }),
  scopes: z.array(z.object({ name: z.string(), meaning: z.string() })),
})
export type ConsentView = z.infer<typeof consentView>
/** `POST /api/v1/oauth/consent`: the answer says where the browser goes next. `query` is the page's own query text. */
export const consentRequest = z.object({ query: z.string().max(4096), accept: z.boolean() })
export const consentAnswer = z.object({ url: z.string() })

/** `GET /api/v1/oauth/device?code=`: who asks for access by a code; `POST` decides. Not to be mixed up with enrolment. */
export const deviceGrantView = z.object({
  client: z.object({ id: z.string(), name: z.string() }),
  scopes: z.array(z.object({ name: z.string(), meaning: z.string() })),
  expiresAt: instant,
})
export type DeviceGrantView = z.infer<typeof deviceGrantView>
export const deviceGrantRequest = z.object({ code: z.string().min(1).max(20), accept: z.boolean() })
