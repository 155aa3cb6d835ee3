import { type ReactNode, useId } from 'react'

interface SectionProps {
  readonly title: string
  /** Beside the title: a state, or what can be done. */
  readonly aside?: ReactNode
  readonly children: ReactNode
}

export function Section({ title, aside, children }: SectionProps) {
  const id = useId()
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  )
}

interface RowProps {
  readonly title: ReactNode
  readonly under: ReactNode
  /** What can be done with it. */
  readonly children?: ReactNode
}

/** One of several things in a section, within `<ul className="rows">`. */
export function Row({ title, under, children }: RowProps) {
  return (
    <li className="row-item">
      <div className="row-text">
        <p className="row-title">{title}</p>
        <p className="row-under">{under}</p>
      </div>
      {children}
    </li>
  )
}
