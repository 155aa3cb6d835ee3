import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'

/** One page of a list that the server cuts into pages. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

interface ListOptions {
  /** Asked again after so many milliseconds; only when told to, when left out. */
  readonly refetchMs?: number
  /** Whether to ask at all: those who may not are not refused. Default true. */
  readonly enabled?: boolean
  /**
   * Changes come in by themselves, as long as it is shown: it is not read again when the window is looked at, and what
   * was read of another is not kept.
   */
  readonly isLive?: boolean
}

/** A list as far as it has been read. */
export function useList<T>(
  key: readonly unknown[],
  load: (cursor: string | null) => Promise<Page<T>>,
  { refetchMs, enabled = true, isLive = false }: ListOptions = {},
) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => load(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    enabled,
    ...(isLive && { refetchOnWindowFocus: false, refetchOnReconnect: false, gcTime: 0 }),
    ...(refetchMs === undefined ? {} : { refetchInterval: refetchMs }),
  })
  return { ...query, items: query.data?.pages.flatMap((page) => page.items) ?? [] }
}
