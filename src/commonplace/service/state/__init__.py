"""What is kept between requests: libraries, jobs, plans, uploads, watching; never a request."""
