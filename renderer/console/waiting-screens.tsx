import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ago } from '../shared/time.ts'
import { useApi } from './api-context.ts'
import { linkTo } from './location.ts'

/** The screens that show a code. Which code it is has to be read from the screen: then it is the right one. */
export function WaitingScreens({ now }: { readonly now: number }) {
  const { administration } = useApi()
  const waiting = useQuery({ queryKey: ['waiting'], queryFn: administration.waitingScreens, refetchInterval: 5000 })
  const screens = waiting.data?.items ?? []
  if (screens.length === 0) return null
  return (
    <section className="waiting" aria-labelledby="waiting">
      <h2 id="waiting">
        {screens.length === 1 ? 'A screen waits for approval' : `${screens.length} screens wait for approval`}
      </h2>
      <ul>
        {screens.map((screen) => (
          <li key={screen.id}>
            <span className="wrap">
              <strong>{screen.hostname}</strong>{' '}
              <span className="soft">
                at {screen.address}, asked {ago(Date.parse(screen.requestedAt), now)}
              </span>
            </span>
            <Button
              component="a"
              variant="light"
              aria-label={`Enter its code: ${screen.hostname}`}
              {...linkTo('/enrol')}
            >
              Enter its code
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}
