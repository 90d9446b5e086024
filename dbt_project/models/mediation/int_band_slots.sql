-- One row per slot and band within it: which band is in force, in seconds since 1970 (3.5).
-- A slot is a quarter of an hour; a band's edge inside it makes a second row.
with slots as (

    select
        slot,
        slot_second,
        offset_seconds,
        {{ floor_div('slot_second + offset_seconds', 86400) }} as local_day_number,
        (slot_second + offset_seconds) % 86400 as local_from_second
    from {{ ref('int_local_slots') }}

),

local_days as (

    select distinct
        local_day_number,
        cast({{ instant_of('local_day_number * 86400') }} as date) as local_day
    from slots

),

day_kinds as (

    select
        local_day_number,
        case {{ weekday_number('local_day') }}
            when 1 then 'mon' when 2 then 'tue' when 3 then 'wed' when 4 then 'thu'
            when 5 then 'fri' when 6 then 'sat' when 7 then 'sun'
        end as day_kind
    from local_days
    union all
    -- a holiday is also its weekday; the higher priority wins
    select
        local_days.local_day_number,
        'holiday' as day_kind
    from local_days
    inner join (select distinct holiday_date from {{ ref('holidays') }}) as holidays
        on local_days.local_day = holidays.holiday_date

),

bands_of_days as (

    select
        day_kinds.local_day_number,
        bands.band,
        bands.priority,
        bands.from_second,
        bands.to_second
    from day_kinds
    inner join {{ ref('bands') }} as bands
        on day_kinds.day_kind = bands.day_kind

),

edges as (

    select local_day_number, from_second as edge from bands_of_days
    union
    select local_day_number, to_second as edge from bands_of_days
    union
    select local_day_number, 0 as edge from local_days
    union
    select local_day_number, 86400 as edge from local_days

),

stretches as (

    select
        local_day_number,
        edge as from_second,
        lead(edge) over (partition by local_day_number order by edge asc nulls last) as to_second
    from edges

),

ranked as (

    select
        stretches.local_day_number,
        stretches.from_second,
        stretches.to_second,
        coalesce(bands_of_days.band, 'standard') as band,
        row_number() over (
            partition by stretches.local_day_number, stretches.from_second
            order by bands_of_days.priority desc nulls last, bands_of_days.band asc nulls last
        ) as preference
    from stretches
    left join bands_of_days
        on
            stretches.local_day_number = bands_of_days.local_day_number
            and stretches.from_second >= bands_of_days.from_second
            and stretches.from_second < bands_of_days.to_second
    where stretches.to_second is not null

),

band_slots as (

    select
        slots.slot,
        ranked.band,
        slots.slot_second + greatest(ranked.from_second - slots.local_from_second, 0) as from_second,
        slots.slot_second + least(ranked.to_second - slots.local_from_second, 900) as to_second
    from slots
    inner join ranked
        on
            slots.local_day_number = ranked.local_day_number
            and ranked.preference = 1
            and ranked.from_second < slots.local_from_second + 900
            and ranked.to_second > slots.local_from_second

),

changes as (

    select
        band_slots.*,
        case
            when band = lag(band) over (order by from_second asc nulls last) then 0
            else 1
        end as is_change
    from band_slots

),

numbered as (

    select
        changes.*,
        sum(is_change) over (order by from_second asc nulls last rows unbounded preceding) as stretch_number
    from changes

),

with_stretch_ends as (

    -- a stretch is the whole time between two changes of band: where a call would be cut next
    select
        numbered.slot,
        numbered.band,
        band_numbers.band_number,
        numbered.from_second,
        numbered.to_second,
        min(numbered.from_second) over (partition by numbered.stretch_number) as stretch_from_second,
        max(numbered.to_second) over (partition by numbered.stretch_number) as stretch_to_second
    from numbered
    inner join {{ ref('int_band_numbers') }} as band_numbers
        on numbered.band = band_numbers.band

)

select * from with_stretch_ends
