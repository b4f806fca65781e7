"""What calendar programs ask of an account, in their order, as their documentation and logs say.

Each step is an address, with {me} for the person's id, a depth, and the names of properties.
"""

Step = tuple[str, int, str]

APPLE: list[Step] = [
    ("/dav/", 0, "d:current-user-principal d:principal-URL d:resourcetype"),
    (
        "/dav/{me}/",
        0,
        (
            "c:calendar-home-set c:calendar-user-address-set d:current-user-principal "
            "d:displayname cs:dropbox-home-URL cs:email-address-set cs:notification-URL "
            "d:principal-collection-set d:principal-URL d:resource-id c:schedule-inbox-URL "
            "c:schedule-outbox-URL d:supported-report-set"
        ),
    ),
    (
        "/dav/{me}/calendars/",
        1,
        (
            "d:add-member cs:allowed-sharing-modes a:autoprovisioned me:bulk-requests "
            "a:calendar-color c:calendar-description c:calendar-free-busy-set a:calendar-order "
            "c:calendar-timezone d:current-user-privilege-set c:default-alarm-vevent-date "
            "d:displayname cs:getctag c:max-attendees-per-instance d:owner cs:pre-publish-url "
            "cs:publish-url cs:push-transports cs:pushkey d:quota-available-bytes "
            "d:quota-used-bytes a:refreshrate d:resource-id d:resourcetype "
            "c:schedule-calendar-transp cs:source c:supported-calendar-component-set "
            "d:supported-report-set d:sync-token"
        ),
    ),
    ("/dav/{me}/calendars/all/", 0, "cs:getctag d:sync-token"),
    ("/dav/{me}/calendars/all/", 1, "d:getetag d:resourcetype"),
]
THUNDERBIRD: list[Step] = [
    (
        "/dav/",
        0,
        (
            "d:resourcetype d:owner d:displayname d:current-user-principal "
            "d:current-user-privilege-set a:calendar-color c:calendar-home-set"
        ),
    ),
    (
        "/dav/{me}/calendars/",
        1,
        (
            "d:resourcetype d:owner d:displayname d:current-user-principal "
            "d:current-user-privilege-set a:calendar-color c:calendar-home-set"
        ),
    ),
    (
        "/dav/{me}/calendars/all/",
        0,
        (
            "d:resourcetype d:owner d:current-user-principal d:current-user-privilege-set "
            "d:supported-report-set c:supported-calendar-component-set cs:getctag"
        ),
    ),
]
DAVX5: list[Step] = [
    ("/dav/", 0, "d:current-user-principal d:displayname c:calendar-home-set"),
    ("/dav/{me}/", 0, "d:displayname c:calendar-home-set d:group-membership"),
    (
        "/dav/{me}/calendars/",
        1,
        (
            "d:resourcetype d:current-user-privilege-set d:displayname d:owner "
            "c:calendar-description a:calendar-color c:calendar-timezone "
            "c:supported-calendar-component-set cs:source"
        ),
    ),
    (
        "/dav/{me}/calendars/all/",
        0,
        (
            "c:max-resource-size c:supported-calendar-data d:supported-report-set cs:getctag "
            "d:sync-token"
        ),
    ),
]
GNOME: list[Step] = [
    ("/dav/", 0, "d:resourcetype d:current-user-principal d:principal-URL c:calendar-home-set"),
    ("/dav/{me}/", 0, "c:calendar-home-set c:calendar-user-address-set c:schedule-outbox-URL"),
    (
        "/dav/{me}/calendars/",
        1,
        (
            "d:displayname d:resourcetype c:calendar-description "
            "c:supported-calendar-component-set a:calendar-color a:calendar-order "
            "d:current-user-privilege-set"
        ),
    ),
    ("/dav/{me}/calendars/all/", 0, "cs:getctag d:supported-report-set"),
    ("/dav/{me}/calendars/all/", 1, "d:getetag"),
]
