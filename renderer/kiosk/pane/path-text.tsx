/** A path that is broken after its folders, and within a name only where a line is too short for it. */
export function PathText({ path }: { readonly path: string }) {
  const name = path.lastIndexOf('/') + 1
  return (
    <>
      {name > 0 && <span className="pane-path">{path.slice(0, name)}</span>}
      <span className="pane-path">{path.slice(name)}</span>
    </>
  )
}
