/** Names and values; what is null is not known here. */
export function FactsList({ facts }: { readonly facts: readonly (readonly [string, string | null])[] }) {
  return (
    <dl className="pane-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? 'not available'}</dd>
        </div>
      ))}
    </dl>
  )
}
