-- One row per hole in a series of numbered usage files, and per file that was refused or whose
-- number came twice with other content. Empty when all is well.
{{ config(tags=['draft', 'before_issue']) }}
{%- set series_length = 99999 %}
with loaded as (

    select
        sender,
        recipient,
        sequence_number,
        file_id,
        file_name,
        count(*) over (partition by sender, recipient, sequence_number) as files_of_number
    from {{ source('raw', 'usage_files') }}
    where sequence_number is not null

),

refused as (

    select
        refused_files.sender,
        refused_files.recipient,
        refused_files.sequence_number,
        refused_files.file_id,
        refused_files.file_name
    from {{ source('raw', 'refused_files') }} as refused_files
    left join loaded
        on
            refused_files.sender = loaded.sender
            and refused_files.recipient = loaded.recipient
            and refused_files.sequence_number = loaded.sequence_number
    where refused_files.sequence_number is not null and loaded.file_id is null

),

came as (

    select
        sender,
        recipient,
        sequence_number
    from loaded
    union
    select
        sender,
        recipient,
        sequence_number
    from refused

),

-- After the last number of a series its first one follows again.
with_next as (

    select
        sender,
        recipient,
        sequence_number,
        coalesce(
            lead(sequence_number) over (
                partition by sender, recipient order by sequence_number asc nulls last
            ),
            min(sequence_number) over (partition by sender, recipient) + {{ series_length }}
        ) as next_number
    from came

),

-- The longest stretch without a file is not a hole: there the series goes on tomorrow.
with_place as (

    select
        *,
        row_number() over (
            partition by sender, recipient
            order by next_number - sequence_number desc nulls last, sequence_number desc nulls last
        ) as place
    from with_next

),

holes as (

    select
        sender,
        recipient,
        case
            when sequence_number >= {{ series_length }} then sequence_number + 1 - {{ series_length }}
            else sequence_number + 1
        end as first_number,
        case
            when next_number - 1 > {{ series_length }} then next_number - 1 - {{ series_length }}
            else next_number - 1
        end as last_number
    from with_place
    where place > 1 and next_number > sequence_number + 1

),

offenders as (

    select
        sender,
        recipient,
        'missing' as problem,
        cast(first_number as bigint) as first_number,
        cast(last_number as bigint) as last_number,
        cast(null as string) as file_id,
        cast(null as string) as file_name
    from holes
    union all
    select
        sender,
        recipient,
        'refused' as problem,
        sequence_number as first_number,
        sequence_number as last_number,
        file_id,
        file_name
    from refused
    union all
    select
        sender,
        recipient,
        'repeated' as problem,
        sequence_number as first_number,
        sequence_number as last_number,
        file_id,
        file_name
    from loaded
    where files_of_number > 1

)

select * from offenders
