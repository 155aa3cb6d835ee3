import { type RefObject, useEffect, useRef } from 'react'

/**
 * Puts the focus on the heading of a page that one has gone to: the link that led there may be gone, and a keyboard
 * would begin at the top of the document again. A page that has placed it itself keeps it.
 */
export function usePageFocus(content: RefObject<HTMLElement | null>, page: string): void {
  const shown = useRef(page)
  useEffect(() => {
    if (shown.current === page) return
    shown.current = page
    const place = content.current
    if (place === null || place.contains(document.activeElement)) return
    const target = place.querySelector('h1') ?? place
    // Reached by script only, not with Tab.
    target.tabIndex = -1
    target.focus({ preventScroll: true })
  }, [content, page])
}
