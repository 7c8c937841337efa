/** The hourglass of two triangles. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="sg-mark">
      <rect width="32" height="32" rx="7" className="sg-mark-ground" />
      <path d="M8 6h16l-8 10z" className="sg-mark-full" />
      <path d="M16 16l8 10H8z" className="sg-mark-line" />
      <path d="M16 20.5l4.400 5.500H11.600z" className="sg-mark-full" />
    </svg>
  );
}
