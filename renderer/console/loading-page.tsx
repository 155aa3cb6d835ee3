import { Button } from '@mantine/core'
import { Bell } from '../shared/bell.tsx'
import { asApiError } from './api-error.ts'

interface LoadingPageProps {
  readonly error: unknown
  readonly retry: () => unknown
}

export function LoadingPage({ error, retry }: LoadingPageProps) {
  const wrong = error === null ? null : asApiError(error)
  return (
    <main className="empty page-centre">
      <Bell className="empty-mark" />
      {wrong === null ? (
        <p role="status">Loading</p>
      ) : (
        <div className="stack" role="alert">
          <h1>{wrong.title}</h1>
          <p>{wrong.message}</p>
          <p>This page tries again by itself.</p>
          <div>
            <Button variant="default" onClick={retry}>
              Try now
            </Button>
          </div>
        </div>
      )}
    </main>
  )
}
