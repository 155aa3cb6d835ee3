import { z } from 'zod'
import { type ConsentView, consentAnswer, consentView, type DeviceGrantView, deviceGrantView } from '#protocol/oauth.ts'
import type { Ask } from '../ask.ts'

/** What somebody lets other services do. Every verb throws `ApiError`. */
export interface OauthApi {
  /** `query` is that of the consent page, with its `?`. */
  consent(query: string): Promise<ConsentView>
  /** Answers where the browser goes next. */
  decideConsent(query: string, accept: boolean): Promise<string>
  deviceGrant(code: string): Promise<DeviceGrantView>
  decideDeviceGrant(code: string, accept: boolean): Promise<void>
}

export function createOauthApi(ask: Ask): OauthApi {
  return {
    consent: (query) => ask('GET', `/api/v1/oauth/consent${query}`, consentView),
    decideConsent: async (query, accept) =>
      (await ask('POST', '/api/v1/oauth/consent', consentAnswer, { query, accept })).url,
    deviceGrant: (code) => ask('GET', `/api/v1/oauth/device?${new URLSearchParams({ code })}`, deviceGrantView),
    decideDeviceGrant: async (code, accept) => {
      await ask('POST', '/api/v1/oauth/device', z.unknown(), { code, accept })
    },
  }
}
