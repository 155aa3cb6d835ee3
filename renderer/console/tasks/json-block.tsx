import { Button } from '@mantine/core'
import { IconCopy } from '@tabler/icons-react'
import { useId } from 'react'
import { copyText } from '../copy-text.ts'

/** JSON to be read, and taken elsewhere. */
export function JsonBlock({ title, value }: { readonly title: string; readonly value: unknown }) {
  const id = useId()
  const text = JSON.stringify(value, null, 2)
  return (
    <section className="card task-card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        <Button
          variant="subtle"
          size="compact-sm"
          aria-label={`Copy: ${title}`}
          leftSection={<IconCopy size={16} aria-hidden="true" />}
          onClick={() => void copyText(text, `${title} copied.`)}
        >
          Copy
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whatever scrolls must be reachable with the keyboard */}
      <pre className="task-json-block" tabIndex={0}>
        {text.length > mostShown ? `${text.slice(0, mostShown)}\n… Copy it to see all of it.` : text}
      </pre>
    </section>
  )
}

/** Characters: more is for a program to read. */
const mostShown = 100_000
