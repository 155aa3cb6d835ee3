import type { Me } from '#protocol/api.ts'
import { mayAdminister } from './permissions.ts'

export interface NavigationPage {
  readonly path: string
  readonly label: string
}

export interface Navigation {
  readonly everyday: readonly NavigationPage[]
  /** Empty for whoever does not administer. */
  readonly administration: readonly NavigationPage[]
}

/** The pages that the header leads to. */
export function navigationFor(me: Me): Navigation {
  return { everyday, administration: mayAdminister(me) ? administration : [] }
}

const everyday = [
  { path: '/', label: 'Screens' },
  { path: '/live', label: 'Live' },
  { path: '/connections', label: 'Connections' },
  { path: '/tasks', label: 'Tasks' },
] as const

const administration = [
  { path: '/users', label: 'Users' },
  { path: '/keys', label: 'Keys' },
  { path: '/services', label: 'Services' },
  { path: '/audit', label: 'Audit' },
] as const
