/** What access tokens begin with. Sessions and JWTs have a dot, keys another beginning. */
export const accessTokenPrefix = 'cro_'
export const refreshTokenPrefix = 'crr_'
export const clientSecretPrefix = 'crs_'

/** How long each thing is good for, in seconds. */
export const lifetimes = {
  /** From the redirect to the exchange: a program does that at once. */
  code: 60,
  /** From the redirect to the sign-in page until somebody has decided. */
  decision: 10 * 60,
  accessToken: 60 * 60,
  idToken: 10 * 60,
  /** Each refresh begins it anew. */
  refreshToken: 30 * 24 * 60 * 60,
  deviceCode: 10 * 60,
  /** Whatever was refreshed meanwhile, the person is asked again. */
  consent: 365 * 24 * 60 * 60,
} as const

/** From one poll of a device to the next. */
export const deviceIntervalSeconds = 5

/** Two refreshes with one token this close together are two requests that crossed, and no theft. */
export const crossedRefreshMs = 3_000

/** The device grant (RFC 8628). */
export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code'
