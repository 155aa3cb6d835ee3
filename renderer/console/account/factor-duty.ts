import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { SecondFactorView } from '#protocol/account.ts'
import type { Me } from '#protocol/api.ts'
import { useNow } from '../../shared/now.ts'
import { useApi } from '../api-context.ts'

/** Whether somebody still has to set up a second factor, and since or until when. */
export type FactorDuty = 'none' | 'overdue' | { readonly dueAt: number }

/** Set when the server has refused something for want of a second factor, whatever the clock here says. */
export const refusedForFactor = ['refused-for-factor'] as const

export function useFactorDuty(me: Me): FactorDuty {
  const { account } = useApi()
  const now = useNow(30_000)
  const factor = useQuery({
    queryKey: ['second-factor'],
    queryFn: account.secondFactor,
    enabled: me.kind === 'user',
  })
  const isRefused = useQuery({ queryKey: refusedForFactor, queryFn: () => false, initialData: false, enabled: false })
  return isRefused.data ? 'overdue' : dutyOf(factor.data, now)
}

/** Answers a function for when the duty has been done. */
export function useFactorDone(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    queries.setQueryData(refusedForFactor, false)
    await queries.invalidateQueries()
  }
}

export function dutyOf(factor: SecondFactorView | undefined, now: number): FactorDuty {
  if (factor === undefined || !factor.required || factor.totp || factor.passkeys.length > 0) return 'none'
  const dueAt = factor.requiredFrom === null ? now : Date.parse(factor.requiredFrom)
  return dueAt <= now ? 'overdue' : { dueAt }
}
