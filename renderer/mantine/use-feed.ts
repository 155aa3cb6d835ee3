import { useSyncExternalStore } from 'react'
import type { Feed, FeedItem } from '../shared/feed.ts'

/** What is in the feed now. */
export function useFeed(feed: Feed): readonly FeedItem[] {
  return useSyncExternalStore(feed.subscribe, feed.items)
}
