/**
 * Why the server ends a connection. 3000 to 3499: the client comes back by itself; 3500 to 3999: it stays away. The
 * SDK looks at the range only when the reason is non-empty and not valid JSON, so a reason is always plain words of at
 * most 123 bytes.
 */
export const closeReasons = {
  shutdown: { code: 3001, reason: 'shutdown' },
  internalError: { code: 3004, reason: 'internal server error' },
  expired: { code: 3005, reason: 'connection expired' },
  subscriptionExpired: { code: 3006, reason: 'subscription expired' },
  slow: { code: 3008, reason: 'slow' },
  writeError: { code: 3009, reason: 'write error' },
  insufficientState: { code: 3010, reason: 'insufficient state' },
  forceReconnect: { code: 3011, reason: 'force reconnect' },
  noPong: { code: 3012, reason: 'no pong' },
  tooManyRequests: { code: 3013, reason: 'too many requests' },
  stateInvalidated: { code: 3014, reason: 'state invalidated' },
  invalidToken: { code: 3500, reason: 'invalid token' },
  /** Whoever signed the token has another clock than the server: another token would be no better. */
  wrongClock: { code: 3500, reason: 'invalid token: it is from the future, set the clocks of server and signer' },
  noToken: { code: 3500, reason: 'token required' },
  badRequest: { code: 3501, reason: 'bad request' },
  stale: { code: 3502, reason: 'stale' },
  forceDisconnect: { code: 3503, reason: 'force disconnect' },
  /** What let somebody in does so no more. The code is the same: whoever stays away need not know why. */
  revoked: { code: 3503, reason: 'access ended: signed out, disabled, expired or revoked' },
  connectionLimit: { code: 3504, reason: 'connection limit' },
  channelLimit: { code: 3505, reason: 'channel limit' },
  inappropriateProtocol: { code: 3506, reason: 'inappropriate protocol' },
  permissionDenied: { code: 3507, reason: 'permission denied' },
  notAvailable: { code: 3508, reason: 'not available' },
  tooManyErrors: { code: 3509, reason: 'too many errors' },
} as const satisfies Record<string, CloseReason>

export interface CloseReason {
  readonly code: number
  readonly reason: string
}

/** Why the server ends one subscription. From 2500 the SDK subscribes again at once. */
export const unsubscribeReasons = {
  /** These two no client is told: it asked for it, or has gone. */
  client: { code: 0, reason: 'client unsubscribe' },
  disconnect: { code: 1, reason: 'disconnect' },
  server: { code: 2000, reason: 'server unsubscribe' },
  insufficientState: { code: 2500, reason: 'insufficient state' },
  expired: { code: 2501, reason: 'subscription expired' },
  stateInvalidated: { code: 2502, reason: 'state invalidated' },
} as const satisfies Record<string, CloseReason>
