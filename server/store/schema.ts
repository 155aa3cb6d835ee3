/** The tables of Carillon's own. better-auth keeps its tables in the same file and reaches them by itself. */
export interface Schema {
  stars: StarsTable
}

/** The channels a person follows. */
export interface StarsTable {
  user_id: string
  channel: string
  /** ISO 8601. */
  created_at: string
}
