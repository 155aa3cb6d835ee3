import type { SessionView } from '#protocol/account.ts'
import type { SetupRequest, TokenAnswer } from '#protocol/api.ts'
import type {
  CredentialStorage,
  DeviceCredential,
  EnrolmentAnswer,
  EnrolmentRequest,
  EnrolmentTokenAnswer,
  EnrolmentView,
  WaitingEnrolment,
} from '#protocol/devices.ts'
import type { KeyAnswer, KeyView } from '#protocol/keys.ts'
import type { KeyScope, PersonRole } from '#protocol/roles.ts'
import type { UserChange, UserView } from '#protocol/users.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import type { Audit } from './audit.ts'
import type { Identity, SocketIdentity } from './identity.ts'
import type { OAuth } from './oauth/oauth.ts'
import type { Page, PageRequest } from './paging.ts'
import type { Passkeys } from './passkeys.ts'
import type { PasswordChanges } from './password-changes.ts'
import type { SecondFactor } from './second-factor.ts'
import type { SignInAttempt } from './sign-in.ts'

/**
 * All there is to know about who is who. The one implementation wraps better-auth (`create-auth.ts`); nothing outside
 * this room knows that.
 *
 * Failures a caller must answer are `AuthError`s whose `code` is a `ProblemCode`, so that the HTTP edge maps them by
 * table.
 */
export interface Auth extends AsyncDisposable {
  /**
   * Serves `/api/auth/*`: signing out, passkeys, OAuth and the key set; anything else there is 404. `address` is the caller's,
   * decided by the HTTP edge. What is refused is answered with a problem document.
   */
  handle(request: Request, address: string): Promise<Response>
  /**
   * Who sent these headers: an `Authorization: Bearer` session or OAuth access token (or a session in the header that the
   * site has chosen), an `X-API-Key` or `Authorization: apikey`, or a session
   * cookie; null when nobody.
   * A bearer or key that is present but not valid throws `invalid_token`, two different bearers `bad_request`. Counts as a use of the session.
   */
  identify(headers: Headers): Promise<Identified | null>

  /** Signs a program in with e-mail and password; the answer is a bearer token. For what is thrown see `SignInAttempt`. */
  signIn(email: string, password: string, address: string, more?: SignInMore): Promise<TokenAnswer>
  /** The same for a browser; answers the `Set-Cookie` headers. */
  signInBrowser(email: string, password: string, address: string, more?: SignInMore): Promise<readonly string[]>
  /** Ends one session; an unknown one has ended already. Its sockets close through `onRevoked`. */
  endSession(sessionId: string): Promise<void>
  /** A JWT (EdDSA, 5 minutes) for the socket. `expiresIn` is in seconds. */
  issueAccessToken(identity: Identity): Promise<{ readonly token: string; readonly expiresIn: number }>
  /** Verifies signature, issuer, audience, times and that the session has not been revoked. */
  verifyAccessToken(token: string): Verified | Promise<Verified>
  /** A token that opens a socket: of this server, or of the site's own backend where that is configured. */
  verifyConnectionToken(token: string): VerifiedConnection | Promise<VerifiedConnection>
  /** A token that lets a user into one channel, of this server or of the site. Says nothing of who presents it. */
  verifySubscriptionToken(token: string): Promise<VerifiedSubscription>
  /** Lets this user into this channel, whoever that is. */
  issueSubscriptionToken(
    admission: Pick<SubscriptionGrant, 'channel' | 'info'> & {
      readonly userId: string
      readonly lifetimeSeconds: number
    },
  ): Promise<{ readonly token: string; readonly expiresIn: number }>
  readonly tickets: {
    /** 256 random bits, for one socket within 20 s. Throws `unavailable` when too many are under way. */
    issue(identity: Identity): Promise<{ readonly ticket: string; readonly expiresIn: number }>
    /** Takes the ticket out of the store; null when unknown, used, expired, or its session has ended. */
    redeem(ticket: string): Identity | null | Promise<Identity | null>
  }
  readonly setup: {
    /** Whether an administrator exists. */
    isDone(): Promise<boolean>
    /** A fresh one-time token for the set-up link; earlier ones stop working. Kept hashed, 24 h. */
    createToken(): Promise<string>
    /** Throws `setup_link_invalid` or `setup_done`. */
    check(token: string): Promise<void>
    /** Creates the first administrator and signs in: answers the `Set-Cookie` headers. */
    complete(request: SetupRequest, address: string): Promise<{ readonly cookies: readonly string[] }>
  }
  readonly users: {
    /** Throws `already_exists`. */
    create(
      user: { email: string; name: string; role: PersonRole; password: string | null },
      by?: Identity | null,
    ): Promise<UserView>
    /** In the order in which they were created. `query` is part of a name or e-mail address. */
    list(request?: PageRequest & { readonly query?: string | undefined }): Promise<Page<UserView>>
    /**
     * A disabled person is signed out everywhere, cannot sign in, and their keys do not work. Throws `not_found`, and
     * `forbidden` for the last administrator.
     */
    setDisabled(id: string, disabled: boolean): Promise<void>
    /** Their sockets come back as what they are now. Throws those of `setDisabled`. */
    update(id: string, change: UserChange): Promise<UserView>
    /** With their sessions and keys. Throws those of `setDisabled`. */
    remove(id: string): Promise<void>
    /** Ends all their sessions. Throws `not_found`. */
    signOut(id: string): Promise<void>
    /** Passwords are tried again at once, after too many wrong ones. Throws `not_found`. */
    unlock(id: string, by: Identity): Promise<void>
  }
  /** Where people are signed in. */
  readonly sessions: {
    /** Last used first; `current` is the id of the session that asks. */
    list(userId: string, current: string | null): Promise<readonly SessionView[]>
    /** Ends one, of this user if one is given. Throws `not_found`. */
    end(id: string, userId?: string): Promise<void>
    /** All but the one that asks, all of programs, or all. Answers how many. */
    endOf(userId: string, which: 'others' | 'programs' | 'all', current: string | null): Promise<number>
  }
  readonly secondFactor: SecondFactor
  readonly passkeys: Pick<Passkeys, 'remove'>
  readonly passwords: PasswordChanges
  readonly keys: {
    /** Throws `bad_request` for an end that has passed. */
    create(name: string, scopes: readonly KeyScope[], by: Identity, expiresAt?: string): Promise<KeyAnswer>
    /** In the order in which they were created; of one owner, or all. */
    list(request?: PageRequest & { readonly ownerId?: string | undefined }): Promise<Page<KeyView>>
    /** The key, of this owner if one is given, stops working at once. Throws `not_found`. */
    revoke(id: string, ownerId?: string): Promise<void>
  }
  readonly enrolments: {
    /** Throws `rate_limited` when too many screens wait for a decision. */
    start(request: EnrolmentRequest, address: string): Promise<EnrolmentAnswer>
    /**
     * Case and dashes in the code do not matter. Throws `unknown_code`, `expired_code`, `enrolment_decided`,
     * `rate_limited` for somebody who tries many, and `forbidden` for viewers and devices.
     */
    view(userCode: string, by: Identity): Promise<EnrolmentView>
    /** Throws those of `view`, and `already_exists` when the name is taken. The caller checks the role first. */
    approve(userCode: string, name: string, by: Identity): Promise<{ readonly id: string; readonly name: string }>
    /** Those that wait for a decision, longest first. */
    waiting(): Promise<readonly WaitingEnrolment[]>
    /** Throws those of `view`. */
    deny(userCode: string, by: Identity): Promise<void>
    /** The kiosk's poll. Throws `authorization_pending`, `slow_down`, `expired_token`, `access_denied`. */
    redeem(deviceCode: string): Promise<EnrolmentTokenAnswer>
  }
  readonly devices: {
    list(): Promise<readonly DeviceRecord[]>
    /** Throws `unknown_device`. */
    find(id: string): Promise<DeviceRecord>
    /** Removes the device: its session ends and its sockets close. Throws `unknown_device`. */
    remove(id: string): Promise<void>
    /** Tells it to take a new credential. Throws `unknown_device`. */
    rotate(id: string): Promise<void>
    /** A new credential for this device. The one it has ends when the new one is first used. */
    newCredential(
      identity: Extract<Identity, { kind: 'device' }>,
      storage?: CredentialStorage | undefined,
    ): Promise<DeviceCredential>
    /** What the device says of itself. */
    report(id: string, said: { readonly storage: CredentialStorage }): Promise<void>
    /** Remembers that the device was connected then. Milliseconds since 1970. */
    touch(id: string, time: number): Promise<void>
  }
  /** Other services, and what people let them do. */
  readonly oauth: OAuth
  /** Who did what. What this room does is recorded by it; the edge records what it refuses. */
  readonly audit: Audit
  /** The same somebody as the records have them now; null when their session, key or account is no more. */
  current(identity: Identity): Promise<Identity | null>
  /** Told when tokens stop being valid, so that live sockets can be closed. Returns the removal of the listener. */
  onRevoked(listener: (revoked: Revoked) => void): () => void
}

export type SignInMore = Pick<SignInAttempt, 'code' | 'headers'>

export interface Identified {
  readonly identity: Identity
  readonly by: 'bearer' | 'key' | 'cookie'
  /** `Set-Cookie` headers to answer with, so that the browser's cookie lives as long as the session it belongs to. */
  readonly cookies: readonly string[]
}

export type Verified =
  | { readonly ok: true; readonly identity: Identity /** seconds since 1970 */; readonly expiresAt: number }
  | RefusedToken<'expired' | 'invalid'>

export type VerifiedConnection =
  | {
      readonly ok: true
      readonly identity: SocketIdentity
      /** Seconds since 1970; null when the connection does not expire. */
      readonly expiresAt: number | null
      /** Channels that the token says the client is in from the start. */
      readonly grants: readonly SubscriptionGrant[]
    }
  /** `anonymous`: it names no user, and such tokens are not taken here. */
  | RefusedToken<'expired' | 'invalid' | 'anonymous'>

export type VerifiedSubscription =
  | {
      readonly ok: true
      /** Whom it is for. */
      readonly userId: string
      /** The one connection it is for, or null. */
      readonly client: string | null
      readonly expiresAt: number | null
      readonly grant: SubscriptionGrant
    }
  | RefusedToken<'expired' | 'invalid'>

export interface RefusedToken<Reason> {
  readonly ok: false
  readonly reason: Reason
  readonly why?: TokenFault | undefined
  /** For how many seconds it has been over, or by how many it is from the future. */
  readonly bySeconds?: number | undefined
}

/** For the log: what is wrong with a token, without anything that stands in it. Clients are told of clocks alone. */
export type TokenFault =
  | 'malformed'
  | 'bad signature'
  | 'unknown key'
  | 'wrong audience'
  | 'wrong issuer'
  | 'claims'
  | 'clock'
  | 'session ended'
  | 'for another channel, user or connection'

/** What a token says of one subscription. */
export interface SubscriptionGrant {
  readonly channel: string
  /** JSON text that others in the channel see with the user. */
  readonly info: string | null
  /** JSON text for the subscriber. */
  readonly data: string | null
  readonly override: PolicyOverride
}

/** What a token sets otherwise than the channel's policy, for its one subscription. */
export type PolicyOverride = Partial<
  Pick<Namespace, 'presence' | 'join_leave' | 'force_push_join_leave' | 'force_positioning' | 'force_recovery'>
>

/** Sockets of this session or OAuth access token, or of this whole user, must close; with `changed` they may come back by themselves. */
export type Revoked =
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'user'; readonly userId: string; readonly changed?: true | undefined }

export interface DeviceRecord {
  readonly id: string
  readonly userId: string
  readonly name: string
  readonly hostname: string
  readonly version: string
  readonly platform: string
  readonly address: string
  readonly enrolledAt: string
  readonly enrolledBy: string
  readonly lastSeenAt: string | null
  readonly storage: CredentialStorage | null
  readonly credentialSince: string
  readonly rotating: boolean
}
