import { IconCheck } from '@tabler/icons-react'
import type { ConsentView } from '#protocol/oauth.ts'

/** What a service would be let do, in words. */
export function AskedScopes({ scopes }: Pick<ConsentView, 'scopes'>) {
  if (scopes.length === 0) return <p>It asks for nothing but that you let it in.</p>
  return (
    <div className="asked">
      <h2>It may then</h2>
      <ul>
        {scopes.map(({ name, meaning }) => (
          <li key={name}>
            <IconCheck size={18} stroke={1.8} aria-hidden="true" /> {meaning}
          </li>
        ))}
      </ul>
    </div>
  )
}
