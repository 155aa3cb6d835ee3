import { Button } from '@mantine/core'
import type { useList } from './use-list.ts'

interface MoreButtonProps {
  readonly list: Pick<ReturnType<typeof useList>, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>
  /** What there is more of: `users`. */
  readonly of: string
}

/** Reads the next page of a list, as long as there is one. */
export function MoreButton({ list, of }: MoreButtonProps) {
  if (!list.hasNextPage) return null
  return (
    <Button variant="default" className="more" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
      Show more {of}
    </Button>
  )
}
