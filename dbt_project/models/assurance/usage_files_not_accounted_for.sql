-- One row per usage file whose records or quantities are not the sum of its states (2.1). Empty
-- when all is well.
{{ config(tags=['draft', 'before_issue']) }}
with brought_in as (

    select
        file_id,
        feed,
        file_name,
        records + rejected as records
    from {{ source('raw', 'usage_files') }}

),

quantities as (

    select
        file_id,
        sum(case when service = 'voice' then coalesce(duration_seconds, 0) else 0 end) as seconds,
        sum(
            case when service = 'data' then coalesce(bytes_uplink, 0) + coalesce(bytes_downlink, 0) else 0 end
        ) as bytes,
        sum(case when service in ('sms', 'mms') then coalesce(messages, 0) else 0 end) as messages
    from {{ source('raw', 'usage_records') }}
    group by file_id

),

accounted_for as (

    select
        file_id,
        sum(records) as records,
        sum(seconds) as seconds,
        sum(bytes) as bytes,
        sum(messages) as messages
    from {{ ref('usage_accounting') }}
    group by file_id

),

compared as (

    select
        coalesce(brought_in.file_id, quantities.file_id, accounted_for.file_id) as file_id,
        brought_in.feed,
        brought_in.file_name,
        cast(coalesce(brought_in.records, 0) as bigint) as records_in,
        cast(coalesce(accounted_for.records, 0) as bigint) as records_accounted_for,
        cast(coalesce(quantities.seconds, 0) as decimal(28, 6)) as seconds_in,
        cast(coalesce(accounted_for.seconds, 0) as decimal(28, 6)) as seconds_accounted_for,
        cast(coalesce(quantities.bytes, 0) as bigint) as bytes_in,
        cast(coalesce(accounted_for.bytes, 0) as bigint) as bytes_accounted_for,
        cast(coalesce(quantities.messages, 0) as bigint) as messages_in,
        cast(coalesce(accounted_for.messages, 0) as bigint) as messages_accounted_for
    from brought_in
    full outer join quantities
        on brought_in.file_id = quantities.file_id
    full outer join accounted_for
        on coalesce(brought_in.file_id, quantities.file_id) = accounted_for.file_id

),

offenders as (

    select * from compared
    where
        records_in <> records_accounted_for
        or seconds_in <> seconds_accounted_for
        or bytes_in <> bytes_accounted_for
        or messages_in <> messages_accounted_for

)

select * from offenders
